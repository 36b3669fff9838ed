"""The networks that can be trained: published ones under their papers' names, and our own."""

from __future__ import annotations

from training.networks import karras2017, lipwright

FaceNetwork = karras2017.Network | lipwright.Network

#: Networks that `--network` knows.
NETWORKS: dict[str, type[karras2017.Network | lipwright.Network]] = {
    "lipwright": lipwright.Network,
    "karras2017": karras2017.Network,
}
