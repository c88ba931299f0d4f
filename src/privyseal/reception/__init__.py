"""What every entrance needs before it knows who speaks which protocol: the parts it works with, who calls, how often.

Doors and pages stand beside each other and know nothing of one another; what both need lives here, below them.
"""
