"""Sends COUNT messages with Python's smtplib, CONNECTIONS threads, a connection each.

    python3 smtplib_send.py PORT COUNT CONNECTIONS MESSAGE
"""

import smtplib
import sys
import threading
import time

port, count, connections, path = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
message = open(path, "rb").read()


def send(first):
    with smtplib.SMTP("127.0.0.1", port) as session:
        for at in range(first, count, connections):
            session.sendmail("digest@sejong.example", [f"reader{at}@d{at % 50}.example"], message)


started = time.perf_counter()
threads = [threading.Thread(target=send, args=(first,)) for first in range(connections)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print('{"accepted": %d, "seconds": %f}' % (count, time.perf_counter() - started))
