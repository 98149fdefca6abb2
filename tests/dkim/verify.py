# Verifies messages with dkimpy: {"records": {name: text}, "messages": [base64]} on stdin, a list of
# truth values for each message on stdout.
import base64, json, sys
import dkim

question = json.load(sys.stdin)
records = {name.rstrip("."): text for name, text in question["records"].items()}


def txt(name, timeout=5):
    return records.get(name.decode().rstrip(".").lower(), "").encode()


def good(message, index):
    try:
        return dkim.DKIM(message, minkey=2048).verify(idx=index, dnsfunc=txt)
    except dkim.DKIMException as error:
        print("dkimpy:", repr(error), file=sys.stderr)
        return False


answers = []
for text in question["messages"]:
    message = base64.b64decode(text)
    head = message.split(b"\r\n\r\n")[0].lower()
    count = (b"\r\n" + head).count(b"\r\ndkim-signature:")
    answers.append([good(message, index) for index in range(count)])
print(json.dumps(answers))
