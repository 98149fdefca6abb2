#!/usr/bin/env python3
"""Tries nginx.conf and Caddyfile with the real servers before a real `digest serve`.

    python3 dist/try-proxies.py target/debug/digest

For each: somebody leaves by POST through it, 40 wrong links of one visitor are limited while another
visitor is not, too large a body is refused, and no log has a token. Needs nginx, caddy and openssl.
"""

import http.client
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
HOST = "digest.sejong.example"
BACK, FRONT = 18080, 18443


def ask(method, path, body=None, visitor="127.0.0.1"):
    """Through the proxy; `visitor` is the address that the request comes from."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        "127.0.0.1", FRONT, context=context, timeout=20, source_address=(visitor, 0))
    # Caddy chooses the certificate by the name: the one that is asked for.
    connection.connect = lambda: connect(connection, context, visitor)
    headers = {"Host": HOST, "Referer": f"https://{HOST}{path}"}
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def connect(connection, context, visitor):
    import socket
    plain = socket.create_connection(("127.0.0.1", FRONT), 20, (visitor, 0))
    connection.sock = context.wrap_socket(plain, server_hostname=HOST)


def wait(what):
    for _ in range(100):
        try:
            return what()
        except OSError:
            time.sleep(0.1)
    sys.exit("nobody answers")


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem", "-subj", f"/CN={HOST}"],
        check=True, capture_output=True)


def nginx(folder):
    text = (HERE / "nginx.conf").read_text().replace("digest.your.domain", HOST)
    text = text.replace("listen 443", f"listen 127.0.0.1:{FRONT}")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{BACK}")
    text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {folder}/cert.pem;", text)
    text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {folder}/key.pem;", text)
    text = text.replace("/var/log/nginx/", f"{folder}/log-")
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log-main crit;\n"
        f"events {{}}\nhttp {{\nclient_body_temp_path {folder}/body;\n{text}\n}}\n")
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def caddy(folder):
    text = (HERE / "Caddyfile").read_text()
    text = text.replace("digest.your.domain {", f"{HOST} {{\n\ttls {folder}/cert.pem {folder}/key.pem")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{BACK}")
    text = text.replace("\tlog {", f"\tlog {{\n\t\toutput file {folder}/log-caddy")
    settings = f"{{\n\tadmin off\n\thttps_port {FRONT}\n\tauto_https disable_redirects\n"
    (folder / "Caddyfile").write_text(text.replace("{\n", settings, 1))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def publication(digest, folder):
    """One with two people in the store; their links."""
    def run(*arguments):
        told = subprocess.run([digest, *arguments], cwd=folder, capture_output=True, text=True)
        if told.returncode:
            sys.exit(f"{arguments}: {told.stderr}")
        return told.stdout

    run("init", str(folder / "news"))
    folder = folder / "news"
    (folder / "subscribers.csv").unlink(missing_ok=True)
    settings = (folder / "digest.toml").read_text()
    settings = re.sub(r'(?m)^#? *base_url *=.*$', f'base_url = "https://{HOST}"', settings)
    (folder / "digest.toml").write_text(settings)
    issue = next((folder / "issues").iterdir()).name
    links = []
    for person in ("kim@example.org", "ada@example.org"):
        run("subscribers", "add", person, "--consent", "asked by mail")
        mail = run("render", issue, "--format", "eml", "--as", person)
        mail = mail.replace("\r", "").replace("\n ", " ")
        links.append(re.search(rf"<https://{HOST}(/unsubscribe/[^>]+)>", mail)[1])
    return folder, links


def main():
    digest = str(pathlib.Path(sys.argv[1]).resolve())
    for name, command in (("nginx", nginx), ("caddy", caddy)):
        folder = pathlib.Path(tempfile.mkdtemp())
        running = []
        try:
            certificate(folder)
            news, (link, other) = publication(digest, folder)
            with open(folder / "log-digest", "w") as log:
                running.append(subprocess.Popen(
                    [digest, "serve", "--listen", f"127.0.0.1:{BACK}"], cwd=news, stderr=log))
                environment = {**os.environ, "HOME": str(folder)}
                running.append(subprocess.Popen(
                    command(folder), env=environment, stdout=log, stderr=subprocess.STDOUT))
            wait(lambda: ask("GET", "/style.css"))
            time.sleep(1)
            results = {"GET": ask("GET", link)[0]}
            results["leave"] = ask("POST", link, "List-Unsubscribe=One-Click")[0]
            wrong = [ask("GET", f"/unsubscribe/wrong{number}", visitor="127.0.0.2")[0]
                     for number in range(40)]
            results["wrong links"] = sorted({status: wrong.count(status) for status in wrong}.items())
            results["another visitor"] = ask("GET", "/unsubscribe/wrong", visitor="127.0.0.3")[0]
            results["100 kB"] = ask("POST", other, "x" * 100_000)[0]
            shown = subprocess.run([digest, "subscribers", "show", "kim@example.org", "--json"],
                                   cwd=news, capture_output=True, text=True).stdout
            results["left"] = '"unsubscribed"' in shown
            for process in running:
                process.send_signal(signal.SIGTERM)
                process.wait(20)
                if process is running[0]:
                    results["GET without digest"] = ask("GET", other)[0]
            logs = "".join(path.read_text() for path in folder.glob("log-*"))
            tokens = [one.rsplit("/", 1)[1] for one in (link, other)]
            results["lines of log"] = logs.count("/unsubscribe/-")
            results["token in a log"] = any(token in logs for token in [*tokens, "wrong1"])
            print(name, results)
            limited = dict(results["wrong links"]).get(429, 0)
            good = (results["GET"], results["leave"], results["100 kB"]) == (200, 200, 413)
            good = good and results["left"] and limited > 0 and results["another visitor"] == 400
            if not good or results["token in a log"] or results["lines of log"] < 40:
                sys.exit(f"{name}: not as it should be")
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()
            shutil.rmtree(folder, ignore_errors=True)


main()
