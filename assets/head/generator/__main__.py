"""`python -m assets.head.generator`: build assets/head/head.npz."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from assets.head.generator.whole_head import write_head


def main() -> int:
    """Parse the command line and write the head; 1 when it cannot be written."""
    parser = argparse.ArgumentParser(
        prog="python -m assets.head.generator", description="Build the bundled head."
    )
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).resolve().parents[1] / "head.npz")
    output: Path = parser.parse_args().output
    try:
        write_head(output)
    except OSError as error:
        print(f"{output}: cannot be written ({error.strerror}); choose another -o", file=sys.stderr)
        return 1
    print(f"wrote {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
