"""Three Brazilian providers on loopback, as their manuals or their clients know them: Facilita, KingSMS, HotMobile.

All of them answer HTTP 200 whatever happens; a number that is not of the form that they ask for is lost in silence.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_plugin.testing.loopback import Received, Reply, json_reply
from tests.doubles.troubled import TroubledServer

USER, PASSWORD, TOKEN = "account-name", "account-password", "account-token"
BAD = "11900000003"  #: a number that they find wrong, without the country code


@dataclass
class Taken:
    """A message that was taken."""

    number: str
    text: str
    flash: bool = False
    key: str = ""  #: the customer's own
    fate: str = ""  #: in the provider's words


class BrazilianServer(TroubledServer):
    """What the three share: an account with credits, and the messages that it sent."""

    def __init__(self, *, credits: int = 100) -> None:
        super().__init__()
        self.credits = credits
        self.taken: dict[str, Taken] = {}
        self.complaints: list[str] = []  #: parameters that no manual knows

    def knows(self, request: Received, *names: str) -> dict[str, str]:
        """What was asked, once its names are known; Facilita and HotMobile take a form as well as a query."""
        asked = request.query or request.form
        self.complaints += [f"{name} is no parameter" for name in asked if name not in names]
        return asked

    def take(self, message: Taken) -> str:
        """The id of a message that is taken, for one credit."""
        self.credits -= 1
        reference = str(5000 + len(self.taken) + 1)
        self.taken[reference] = message
        return reference


class FacilitaMovelServer(BrazilianServer):
    """Answers ``code;words;id``; text of more than 160 characters is cut."""

    def does(self, request: Received) -> Reply:
        function = request.path.removeprefix("/api/")
        known = {
            "simpleSend.ft": ("destinatario", "msg", "externalkey", "flashsms", "day", "month", "year"),
            "dlrByExternalKey.ft": ("externalkey",),
            "checkCredit.ft": (),
        }
        if function not in known:
            return Reply(status=404, body=b"<html>Not Found</html>", content_type="text/html")
        asked = self.knows(request, "user", "password", *known[function])
        if (asked.get("user"), asked.get("password")) != (USER, PASSWORD):
            return _plain("1;Usuario ou senha invalidos")
        if function == "checkCredit.ft":
            return _plain(f"6;{self.credits}")
        if function == "dlrByExternalKey.ft":
            wanted = asked["externalkey"].split(",")
            return _plain("-".join(f"{each.key};{each.fate}" for each in self.taken.values() if each.key in wanted))
        return self._send(asked)

    def _send(self, asked: dict[str, str]) -> Reply:
        if not self.credits:
            return _plain("2;Sem creditos")
        if asked.get("destinatario", "") == BAD or not asked.get("destinatario", "").isdigit():
            return _plain("3;Destinatario invalido")
        if not asked.get("msg"):
            return _plain("4;Mensagem invalida")
        text, flash = asked["msg"][:160], asked.get("flashsms") == "1"
        message = Taken(number=asked["destinatario"], text=text, flash=flash, key=asked.get("externalkey", ""))
        return _plain(f"6;Mensagem enviada;{self.take(message)}")


class KingServer(BrazilianServer):
    """Answers JSON with ``status`` and ``cause``."""

    def does(self, request: Received) -> Reply:
        if request.path != "/kingsms/api.php":
            return Reply(status=404, body=b"<html>Not Found</html>", content_type="text/html")
        asked = self.knows(request, "acao", "login", "token", "numero", "msg", "campanha", "data", "hora", "id")
        if (asked.get("login"), asked.get("token")) != (USER, TOKEN):
            return json_reply({"status": "error", "cause": "login ou token invalido"})
        if asked.get("acao") == "saldo":
            return json_reply({"status": "success", "cause": str(self.credits)})
        if asked.get("acao") == "reportsms":
            found = self.taken.get(asked.get("id", ""))
            return json_reply(
                {"status": "success", "cause": found.fate} if found else {"status": "error", "cause": "?"}
            )
        if asked.get("acao") != "sendsms":
            return json_reply({"status": "error", "cause": "acao invalida"})
        if not self.credits:
            return json_reply({"status": "error", "cause": "Saldo insuficiente"})
        if asked.get("numero", "") == BAD:
            return json_reply({"status": "error", "cause": "Número inválido"})
        reference = self.take(Taken(number=asked["numero"], text=asked["msg"]))
        return json_reply({"status": "success", "cause": "Mensagem enviada", "id": reference})


class HotMobileServer(BrazilianServer):
    """Answers one number."""

    def does(self, request: Received) -> Reply:
        if request.path != "/SendAPI/Send.aspx":
            return Reply(status=404, body=b"<html>Not Found</html>", content_type="text/html")
        asked = self.knows(request, "usr", "pwd", "number", "sender", "msg", "flash", "AlphaSize")
        if (asked.get("usr"), asked.get("pwd")) != (USER, PASSWORD):
            return _plain("-5")
        if not self.credits:
            return _plain("-2")
        if asked.get("number") == f"55{BAD}":
            return _plain("-13")
        if not asked.get("msg"):
            return _plain("-7")
        if not asked["msg"].isascii() and asked.get("AlphaSize") != "16":
            asked["msg"] = "".join(char if char.isascii() else "?" for char in asked["msg"])
        return _plain(self.take(Taken(number=asked["number"], text=asked["msg"], flash=asked.get("flash") == "1")))


def _plain(words: str) -> Reply:
    return Reply(body=words.encode(), content_type="text/plain")
