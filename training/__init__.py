"""Capture to model bundle: importing, head fitting, training, evaluation.

The only package that imports torch.
"""
