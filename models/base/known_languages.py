"""The languages that a new database knows, and how people write days and numbers in each. English is active."""

from models.orm.data import Datum

# code, name of the external id, day, point, separator of thousands (_ is a space, - none), name
KNOWN = """
en_US en %m/%d/%Y . , English (US)
en_GB en_GB %d/%m/%Y . , English (UK)
en_AU en_AU %d/%m/%Y . , English (AU)
en_CA en_CA %Y-%m-%d . , English (CA)
en_IN en_IN %d/%m/%Y . , English (IN)
ar_001 ar %d/%m/%Y . , Arabic / الْعَرَبيّة
bg_BG bg_BG %d.%m.%Y , _ Bulgarian / български език
ca_ES ca_ES %d/%m/%Y , . Catalan / Català
cs_CZ cs_CZ %d.%m.%Y , _ Czech / Čeština
da_DK da_DK %d-%m-%Y , . Danish / Dansk
de_DE de %d.%m.%Y , . German / Deutsch
de_CH de_CH %d.%m.%Y . ' German (CH) / Deutsch (CH)
el_GR el_GR %d/%m/%Y , . Greek / Ελληνικά
es_ES es %d/%m/%Y , . Spanish / Español
es_419 es_419 %d/%m/%Y . , Spanish (Latin America) / Español (América Latina)
es_MX es_MX %d/%m/%Y . , Spanish (MX) / Español (MX)
et_EE et_EE %d.%m.%Y , _ Estonian / Eesti keel
fi_FI fi %d.%m.%Y , _ Finnish / Suomi
fil_PH fil %m/%d/%Y . , Filipino / Filipino
fr_FR fr %d/%m/%Y , _ French / Français
fr_BE fr_BE %d/%m/%Y , . French (BE) / Français (BE)
fr_CA fr_CA %Y-%m-%d , _ French (CA) / Français (CA)
fr_CH fr_CH %d.%m.%Y . ' French (CH) / Français (CH)
he_IL he_IL %d/%m/%Y . , Hebrew / עברית
hi_IN hi_IN %d/%m/%Y . , Hindi / हिंदी
hr_HR hr %d.%m.%Y , . Croatian / hrvatski jezik
hu_HU hu %Y-%m-%d , . Hungarian / Magyar
id_ID id %d/%m/%Y , . Indonesian / Bahasa Indonesia
it_IT it %d/%m/%Y , . Italian / Italiano
ja_JP ja_JP %Y/%m/%d . , Japanese / 日本語
ko_KR ko_KR %Y/%m/%d . , Korean (KR) / 한국어 (KR)
lt_LT lt %Y-%m-%d , _ Lithuanian / Lietuvių kalba
lv_LV lv %Y.%m.%d , _ Latvian / latviešu valoda
ms_MY ms %d/%m/%Y . , Malay / Bahasa Melayu
nb_NO nb_NO %d.%m.%Y , _ Norwegian Bokmål / Norsk bokmål
nl_NL nl %d-%m-%Y , . Dutch / Nederlands
nl_BE nl_BE %d-%m-%Y , . Dutch (BE) / Nederlands (BE)
pl_PL pl %d.%m.%Y , _ Polish / Język polski
pt_PT pt %d-%m-%Y , . Portuguese / Português
pt_BR pt_BR %d/%m/%Y , . Portuguese (BR) / Português (BR)
ro_RO ro %d.%m.%Y , . Romanian / română
ru_RU ru %d.%m.%Y , _ Russian / русский язык
sk_SK sk %d.%m.%Y , _ Slovak / Slovenský jazyk
sl_SI sl_SI %d.%m.%Y , _ Slovenian / slovenščina
sv_SE sv_SE %Y-%m-%d , _ Swedish / Svenska
th_TH th %d/%m/%Y . , Thai / ภาษาไทย
tr_TR tr %d.%m.%Y , . Turkish / Türkçe
uk_UA uk %d.%m.%Y , _ Ukrainian / українська
vi_VN vi_VN %d/%m/%Y , . Vietnamese / Tiếng Việt
zh_CN zh_CN %Y-%m-%d . , Chinese (Simplified) / 简体中文
zh_HK zh_HK %d/%m/%Y . , Chinese (HK)
zh_TW zh_TW %Y/%m/%d . , Chinese (Traditional) / 繁體中文
"""
BASE = "en_US"
FROM_RIGHT_TO_LEFT = ("ar_001", "he_IL")
SEPARATORS = {"_": " ", "-": ""}


def language_data() -> tuple[Datum, ...]:
    """Return the languages of a new database."""
    found = []
    for line in KNOWN.strip().splitlines():
        code, word, date_format, point, thousands, name = line.split(" ", 5)
        short = code.partition("_")[0] if word == code.partition("_")[0] else code
        values = {
            "name": name,
            "code": code,
            "iso_code": short,
            "url_code": short,
            "active": code == BASE,
            "direction": "rtl" if code in FROM_RIGHT_TO_LEFT else "ltr",
            "date_format": date_format,
            "decimal_point": point,
            "thousands_sep": SEPARATORS.get(thousands, thousands),
        }
        found.append(Datum(f"base.lang_{word}", "res.lang", values, known_by="code"))
    return tuple(found)
