"""One command, one module: parse, open, call the domain, render, exit."""
