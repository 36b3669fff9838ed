"""`python -m assets.head.generator`: build assets/head/head.npz."""

from __future__ import annotations

import argparse
from pathlib import Path

from assets.head.generator.whole_head import write_head


def main() -> None:
    """Parse the command line and write the head."""
    parser = argparse.ArgumentParser(
        prog="python -m assets.head.generator", description="Build the bundled head."
    )
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).resolve().parents[1] / "head.npz")
    output: Path = parser.parse_args().output
    write_head(output)
    print(f"wrote {output}")


if __name__ == "__main__":
    main()
