"""The one place where everything is wired: models, database, credentials, dialects, health, figures."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from aiohttp import web

from models import deployment as models
from models.base.ir_module import SESSION_SERIE
from models.orm.registry import Registry
from server.auth import Authenticator
from server.connections import SERVER
from server.database.address import DatabaseAddress
from server.database.connection import Connection, connect
from server.database.pool import Pool
from server.deployment import Deployment
from server.execute import Executor
from server.files.download import Downloads
from server.files.upload import Uploads
from server.health import Health
from server.large_bodies import release
from server.log import request_id
from server.metrics import Gauges, Metrics
from server.outgoing import equip, working
from server.protocols.doc_pages import DocPages, PageFile
from server.protocols.native import NativeEndpoint
from server.protocols.netforce import NetforceEndpoint
from server.protocols.odoo_doc import OdooDoc
from server.protocols.odoo_json2 import Json2Endpoint
from server.protocols.odoo_jsonrpc import OdooEndpoint
from server.protocols.odoo_pages import OdooPages
from server.protocols.odoo_web import OdooWeb
from server.protocols.xmlrpc import XmlRpcEndpoint
from server.settings import Settings
from server.worker import Watch

DEPLOYMENT = web.AppKey("DEPLOYMENT", Deployment)


def create_app(settings: Settings, address: DatabaseAddress, registry: Registry | None = None) -> web.Application:
    """The application of one server process, with the models of its role or the given ones.

    Connections are opened when it is first asked for something.
    """
    registry = registry or models.registry_for(settings.role)
    equip(registry, settings)
    session = {SESSION_SERIE: settings.odoo_serie}
    open_one = partial(connect, address, settings.database, application=True, **session)
    pool = Pool(open_one, settings.pool_size)
    metrics = Metrics()
    metrics.register(_pool_figures(pool))
    executor = Executor(registry, pool, metrics)
    authenticator = Authenticator(pool, registry, settings.database)
    deployment = Deployment(settings, registry, pool, authenticator, executor, metrics)
    health = Health(address, settings.database, settings.role, registry)
    app = web.Application()
    app[DEPLOYMENT] = deployment
    add_routes(app, deployment, health)
    app.cleanup_ctx.append(partial(_connections, pool, health))
    watch = Watch()
    metrics.register(_outbox_figures(watch))
    app.cleanup_ctx.append(partial(_outgoing, registry, settings, open_one, watch))
    return app


def add_routes(app: web.Application, deployment: Deployment, health: Health) -> None:
    """Which path speaks which dialect."""
    router = app.router
    router.add_post("/rpc", NativeEndpoint(deployment).handle)
    netforce = NetforceEndpoint(deployment)
    router.add_post("/json_rpc", netforce.handle)
    router.add_options("/json_rpc", netforce.handle_options)
    add_odoo(router, deployment)
    add_files(router, deployment)
    router.add_get("/health/live", health.live)
    router.add_get("/health/ready", health.ready)
    router.add_get("/metrics", partial(_figures, deployment.metrics))
    app.on_response_prepare.append(mark)


def add_odoo(router: web.UrlDispatcher, deployment: Deployment) -> None:
    """The paths that Odoo's clients know, old and new."""
    router.add_post("/jsonrpc", OdooEndpoint(deployment).handle)
    xmlrpc = XmlRpcEndpoint(deployment)
    router.add_post("/xmlrpc/2/{service}", xmlrpc.handle)
    router.add_post("/xmlrpc/{service}", xmlrpc.handle_old)
    for path, handler in OdooWeb(deployment).routes.items():
        router.add_post(path, handler)
    json2 = Json2Endpoint(deployment)
    router.add_post("/json/2/{model}/{method}", json2.handle)
    router.add_get("/json/2/{path:.*}", json2.handle_get)
    doc = OdooDoc(deployment)
    for folder in ("/doc", "/doc-bearer"):
        router.add_get(f"{folder}/index.json", doc.index)
        router.add_get(f"{folder}/{{model}}.json", doc.model)
    pages = DocPages(deployment)
    router.add_get("/doc", pages.index)
    router.add_get("/doc/{model}", pages.model)
    for name in ("page.css", "doc.js"):
        router.add_get(f"/pages/{name}", PageFile(name).handle)
    add_pages(router, OdooPages(deployment))


def add_pages(router: web.UrlDispatcher, pages: OdooPages) -> None:
    """The pages that Odoo's clients look at."""
    router.add_get("/", pages.root)
    router.add_get("/web", pages.home)
    router.add_get("/web/login", pages.login_form)
    router.add_post("/web/login", pages.log_in)
    router.add_get("/web/session/logout", pages.log_out)
    router.add_get("/web/version", pages.version)
    router.add_get("/json/version", pages.version)


def add_files(router: web.UrlDispatcher, deployment: Deployment) -> None:
    """Files in and out."""
    uploads, downloads = Uploads(deployment), Downloads(deployment)
    router.add_post("/web/binary/upload_attachment", uploads.odoo)
    router.add_post("/upload", uploads.netforce)
    for path, handler in (("/web/content", downloads.content), ("/web/image", downloads.image)):
        router.add_get(path, handler)
        router.add_get(path + "/{path:.+}", handler)
    router.add_get("/web/binary/company_logo", downloads.company_logo)
    router.add_get("/static/db/{database}/files/{name}", downloads.stored)


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Tell our name without a version, and the request's id."""
    release(request)
    response.headers["Server"] = SERVER
    if number := request_id.get():
        response.headers["X-Request-Id"] = number


async def _figures(metrics: Metrics, _request: web.Request) -> web.Response:
    return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


async def _connections(pool: Pool, health: Health, _app: web.Application) -> AsyncIterator[None]:
    yield
    await health.close()
    await pool.close()


async def _outgoing(
    registry: Registry,
    settings: Settings,
    open_one: Callable[[], Awaitable[Connection]],
    watch: Watch,
    _app: web.Application,
) -> AsyncIterator[None]:
    async with working(registry, settings, open_one, watch):
        yield


def _pool_figures(pool: Pool) -> Gauges:
    return Gauges(
        {
            "tandem_pool_connections": ("Database connections that exist", lambda: pool.opened),
            "tandem_pool_idle": ("Database connections waiting for work", lambda: pool.idle),
            "tandem_pool_waiting": ("Calls waiting for a database connection", lambda: pool.waiting),
        }
    )


def _outbox_figures(watch: Watch) -> Gauges:
    def oldest() -> float:
        return watch.figures.oldest.total_seconds()

    def late() -> float:
        return watch.figures.late.total_seconds()

    return Gauges(
        {
            "tandem_outbox_ready": ("Messages waiting to be sent", lambda: watch.figures.ready),
            "tandem_outbox_parked": ("Messages given up on", lambda: watch.figures.parked),
            "tandem_outbox_oldest_seconds": ("Age of the oldest unfinished message", oldest),
            "tandem_outbox_late_seconds": ("How long the longest waiting message has been due", late),
            "tandem_outbox_failing_remotes": ("Other sides that fail", lambda: watch.figures.failing_remotes),
        }
    )
