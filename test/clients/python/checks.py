"""Python's own mail clients against a server: prints one JSON object a line, {"name": ..., "error": null or a traceback}.

Called with a JSON file: host, ca (a file), ports, accounts (two of them, each with address and password), samples (a list of name and
file, as they were delivered to the first account, in that order).
"""

import functools
import json
import sys
import traceback

import imap_checks
import pop3_checks
import smtp_checks
from server import Server

server = Server(sys.argv[1])
for checks in (smtp_checks, imap_checks, pop3_checks):
    for name, check in checks.all_checks:
        error = None
        try:
            functools.partial(check, server)()
        except Exception:  # A failed check is told, and the next one runs.
            error = traceback.format_exc()
        print(json.dumps({"name": name, "error": error}), flush=True)
print(json.dumps({"end": True}))
