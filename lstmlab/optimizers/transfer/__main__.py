"""`python -m lstmlab.optimizers.transfer`."""

import sys

from lstmlab.optimizers.transfer.command import main

if __name__ == "__main__":
    sys.exit(main())
