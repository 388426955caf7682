"""GET /doc and /doc/<model>: for people, what `rpc.discover` tells programs, with a form to try a call.

The same credentials count as for /doc/<model>.json; who shows none is asked to log in. A page holds no script and no
style, the two files of ours that it names are all that a browser may load for it.
"""

import hashlib
from pathlib import Path

from aiohttp import web

from models.orm.access import Profile
from models.orm.env import User
from models.orm.errors import AppError
from models.orm.offering import offered_methods, offered_models
from server import pages
from server.deployment import Deployment
from server.exchange import begin
from server.pages import reference
from server.pages.markup import Html
from server.protocols.catalogue import describe_model, shared_methods, summary
from server.protocols.odoo_bearer import UnauthorisedError, refused
from server.protocols.odoo_doc import reader
from server.protocols.odoo_pages import to_login
from server.protocols.openrpc import error_components, protocol_methods

FOLDER = Path(pages.__file__).parent
TYPES = {".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class DocPages:
    """Answers the pages."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def index(self, request: web.Request) -> web.Response:
        """Show what there is."""
        return await self._answer(request, "What can be called")

    async def model(self, request: web.Request) -> web.Response:
        """Show one model."""
        return await self._answer(request, request.match_info["model"])

    async def _answer(self, request: web.Request, title: str) -> web.Response:
        begin(request)
        try:
            user = await reader(self._deployment, request)
        except UnauthorisedError as error:
            return refused(error)
        except AppError:
            return to_login(request.path)
        profile = self._deployment.registry.profile(user.groups)
        name = request.match_info.get("model")
        content = _index(profile) if name is None else _model(profile, name)
        if content is None:
            return _page(request, title, user, reference.missing(title), 404)
        return _page(request, title, user, content)


class PageFile:
    """Answers one file that the pages name."""

    def __init__(self, name: str) -> None:
        self._body = (FOLDER / name).read_bytes()
        self._type = TYPES[Path(name).suffix]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer the file, or that it is still the same."""
        begin(request)
        headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
        return _unless_known(request, web.Response(body=self._body, headers=headers), self._type)


def _index(profile: Profile) -> Html:
    models = {meta.name: summary(profile, meta) for meta in offered_models(profile)}
    return reference.index(models, protocol_methods(), error_components().values())


def _model(profile: Profile, name: str) -> Html | None:
    meta = profile.metas.by_word.get(name)
    if meta is None or not offered_methods(profile, meta):
        return None
    shared = shared_methods(profile.metas)
    common = [word for word, method in meta.methods.items() if shared.get(word) is method]
    return reference.model_page(meta.name, describe_model(profile, meta, {}), common)


def _page(request: web.Request, title: str, user: User, content: Html, status: int = 200) -> web.Response:
    text = reference.page(title, user.name, content)
    headers = {**HEADERS, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization"}
    return _unless_known(request, web.Response(text=text, status=status, headers=headers), "text/html")


def _unless_known(request: web.Request, response: web.Response, content_type: str) -> web.Response:
    """The response, or 304 when the sender has the very same already."""
    response.content_type = content_type
    response.charset = "utf-8"
    mark = hashlib.sha256(bytes(response.body or b"")).hexdigest()[:32]  # type: ignore[arg-type]
    response.etag = mark
    known = {tag.value for tag in request.if_none_match or ()}
    if response.status == 200 and known & {mark, "*"}:
        response.body = None
        response.set_status(304)
    return response
