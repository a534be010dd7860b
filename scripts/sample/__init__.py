"""Parts of `sample_inbox.py`: the plan's figures, the layout of a form, the writers, the check."""
