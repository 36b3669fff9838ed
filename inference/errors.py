"""The two exceptions that callers of this package handle."""


class LipwrightError(Exception):
    """Bad input, told in one sentence that names the file, the problem and the remedy."""


class Cancelled(Exception):  # noqa: N818 - the caller's own wish is not an error
    """Raised when the caller's `cancelled()` answered true; nothing has been written."""
