"""A package, unlike the other folders of tests: its Chromium and its services end with the folder, and not with the whole run.

While Playwright runs, its event loop is the one of the main thread, where tests of other folders start their own.
"""
