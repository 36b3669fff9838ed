"""From trained networks to the ONNX graphs of a bundle, node by node."""
