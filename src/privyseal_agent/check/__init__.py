"""The check from outside: whether the certificate is really served, and whether a stranger would accept it.

``inspection`` connects to HOST:PORT as any client does and gives one verdict of :class:`verdict.Verdict`, and for everything
that is wrong the sentence that says what to do about it. Recording the verdict is the command's business.
"""
