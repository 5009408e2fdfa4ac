"""`python -m clawmedic`."""

from clawmedic.app import main

if __name__ == "__main__":
    main()
