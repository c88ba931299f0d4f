"""The computer's own private keys: made here, kept here in files of mode 0600, used here, sent nowhere.

Holds the making of keys and CSRs, and the signing of approvals, rejections and revocations with the administrator's
credential. Together with ``privyseal_agent.check`` this is the only part of the agent that imports ``cryptography``.
"""
