"""What goes wrong on the user's side."""


class UserError(ValueError):
    """The user can mend this; the message says how."""
