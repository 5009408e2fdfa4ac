"""Where a call begins: `clawmedic`, and `python -m clawmedic`.

What the shells' completions ask is answered before the command line's library is imported: somebody waits for it with
a finger on the tab key.
"""

import sys
from typing import NoReturn

COMPLETE_WORDS = "--complete-words"


def main() -> NoReturn:
    """The entry point of the console script."""
    if sys.argv[1:2] == [COMPLETE_WORDS]:
        from clawmedic.commands.completing import complete

        sys.exit(complete(sys.argv[2:]))
    from clawmedic.app import main as run_app

    run_app()


if __name__ == "__main__":
    main()
