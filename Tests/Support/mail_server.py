"""A mail server on loopback that keeps every message as a file, for tests.

    mail_server.py DIRECTORY [--tls CERTIFICATE KEY] [--starttls CERTIFICATE KEY] [--login NAME PASSWORD]

It prints `port N` when it listens. Recipients at refused.example are refused.
"""
import asyncio, ssl, sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

directory, options = sys.argv[1], sys.argv[2:]


def option(name):
    return options[options.index(name) + 1:options.index(name) + 3] if name in options else None


def context(pair):
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(*pair)
    return made


class Handler:
    count = 0

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.endswith("@refused.example"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        with open(f"{directory}/{self.count}.tmp", "wb") as file:
            file.write(f"{envelope.mail_from} {' '.join(envelope.rcpt_tos)}\n".encode() + envelope.content)
        import os
        os.rename(f"{directory}/{self.count}.tmp", f"{directory}/{self.count}.eml")
        return "250 OK"


def authenticator(server, session, envelope, mechanism, data):
    name, password = option("--login")
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (name.encode(), password.encode())
    return AuthResult(success=good, handled=False)


async def main():
    handler = Handler()
    starttls, tls, login = option("--starttls"), option("--tls"), option("--login")
    settings = dict(hostname="mail.example", enable_SMTPUTF8=False)
    if starttls:
        settings.update(tls_context=context(starttls), require_starttls=True)
    if login:
        settings.update(authenticator=authenticator, auth_required=True, auth_require_tls=bool(starttls))
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, **settings), "127.0.0.1", 0, ssl=context(tls) if tls else None)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
