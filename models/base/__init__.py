"""What every deployment stands on: companies, users and rights, messages, currencies, countries, numbering."""

from models.base import blob
from models.base.api_keys import ApiKey
from models.base.attachment import Attachment
from models.base.audit_log import AuditEntry
from models.base.blob import Blob, BlobPiece
from models.base.company import Company
from models.base.country import Country, CountryState, country_data
from models.base.currency import Currency, currency_data
from models.base.deletion import Deletion
from models.base.deletion import clean as clean_deletions
from models.base.external_id import ExternalId
from models.base.granting import Groups
from models.base.groups import ADMINISTRATORS, USERS
from models.base.idempotency import Idempotency, clean
from models.base.ir_access import IrAccess, IrRule
from models.base.ir_actions import WINDOWS, ReportAction, WindowAction
from models.base.ir_model import IrField, IrModel
from models.base.ir_module import IrModule
from models.base.known_languages import language_data
from models.base.language import Language, LanguageInstall
from models.base.login_failures import LoginFailure
from models.base.message import Message
from models.base.parameter import Parameter
from models.base.sequence import Sequence
from models.base.session_info import UserSession
from models.base.sessions import Session
from models.base.ui_params import UserScreens
from models.base.users import Users

MODELS = (
    Currency,
    Country,
    CountryState,
    Company,
    Groups,
    Users,
    UserSession,
    UserScreens,
    Session,
    ApiKey,
    LoginFailure,
    Idempotency,
    Deletion,
    Message,
    Blob,
    BlobPiece,
    Attachment,
    AuditEntry,
    Parameter,
    ExternalId,
    Sequence,
    Language,
    LanguageInstall,
    IrModel,
    IrField,
    IrAccess,
    IrRule,
    IrModule,
    ReportAction,
    WindowAction,
)
GROUPS = (USERS, ADMINISTRATORS)
DATA = (*currency_data(), *country_data(), *language_data(), *WINDOWS)
CLEANERS = (clean, blob.clean, clean_deletions)
