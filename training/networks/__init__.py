"""Published networks, one module each, named after their papers."""

from __future__ import annotations

from training.networks import karras2017

#: Networks that `--network` knows.
NETWORKS = {"karras2017": karras2017.Network}
