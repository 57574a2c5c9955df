import json
import sys

import escrow


def show(**line):
    print(json.dumps(line), flush=True)


rows = list(escrow.positions())
show(ids=[row[0] for row in rows], total=str(sum(row[2] for row in rows)))
show(retried=escrow.fund(rows[0][0], "first"), rejected=escrow.fund(rows[0][0], "again"))
try:
    escrow.execute("{ unknown }", {})
except escrow.RequestError as error:
    show(code=error.code)
escrow.time.sleep = lambda seconds, sleep=escrow.time.sleep: sleep(seconds / 10)
for change in escrow.changes():
    position = change["position"] or {}
    show(kind=change["kind"], id=position.get("id"), state=position.get("state"))
