"""What people and programs see: tables, JSON, metrics, progress. The only room that draws."""
