"""What can go wrong around a guest, each with the words its reader needs."""


class GuestError(Exception):
    """Something about the guest failed: it did not boot, a deadline passed, it died. Carries the console's tail."""


class CannotRunHere(GuestError):
    """This machine cannot build or run the guest at all; the message is the reason a test skips with."""
