"""What the environments need from the system: libraries and programs, and the packages that bring them.

Run as a program (`python3 -m build_tools.system_parts`), it prints the Debian packages missing here for
`build.py test`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import shutil
import sys
from pathlib import Path

from build_tools.console import BuildError

VENV = "Python's venv module"  # Debian keeps it apart from Python

# Read off the bpy modules of Blender 4.2 to 5.2 with `ldd`, less what every Debian has.
BLENDER = {
    VENV: "python3-venv",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libGL.so.1": "libgl1",
    "libgomp.so.1": "libgomp1",
}
# Workbench draws with OpenGL; Mesa does it in software.
DRAWING = {"libEGL.so.1": "libegl1", "libEGL_mesa.so.0": "libegl-mesa0 libgl1-mesa-dri"}
# The bundled model also learns from synthesised voices, and from recorded prompts with their texts; a game's
# dialogue is only measured on.
VOICES = {
    VENV: "python3-venv",
    "libespeak-ng.so.1": "espeak-ng",
    "flite": "flite",
    "festival": "festival",
    "/usr/share/festival/voices/english/kal_diphone": "festvox-kallpc16k",
    "/usr/share/festival/voices/english/ked_diphone": "festvox-kdlpc16k",
    "/usr/share/festival/voices/us/cmu_us_slt_arctic_hts": "festvox-us-slt-hts",
    "/usr/share/festival/voices/italian/lp_diphone": "festvox-italp16k",
    "/usr/share/festival/voices/italian/pc_diphone": "festvox-itapc16k",
    "/usr/share/festival/voices/czech/czech_dita": "festvox-czech-dita",
    "/usr/share/festival/voices/czech/czech_krb": "festvox-czech-krb",
    "/usr/share/festival/voices/czech/czech_machac": "festvox-czech-machac",
    "/usr/share/festival/voices/czech/czech_ph": "festvox-czech-ph",
    "/usr/share/festival/voices/finnish/suo_fi_lj_diphone": "festvox-suopuhe-lj",
    "/usr/share/festival/voices/finnish/hy_fi_mv_diphone": "festvox-suopuhe-mv",
    "/usr/share/festival/voices/russian/msu_ru_nsh_clunits/lab": "festvox-ru",
    "/usr/share/asterisk/sounds/en_US_f_Allison/activated.g722": "asterisk-core-sounds-en-g722",
    "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz": "asterisk-core-sounds-en",
    "/usr/share/asterisk/sounds/fr_CA_f_June/agent-pass.g722": "asterisk-core-sounds-fr-g722",
    "/usr/share/doc/asterisk-core-sounds-fr/core-sounds-fr.txt.gz": "asterisk-core-sounds-fr",
    "/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/agent-pass.g722": "asterisk-core-sounds-ru-g722",
    "/usr/share/doc/asterisk-core-sounds-ru/core-sounds-ru.txt.gz": "asterisk-core-sounds-ru",
    "/usr/share/asterisk/sounds/es_MX_f_Allison/agent-pass.g722": "asterisk-core-sounds-es-g722",
    "/usr/share/doc/asterisk-core-sounds-es/core-sounds-es.txt.gz": "asterisk-core-sounds-es",
    "/usr/share/asterisk/sounds/it_IT_m_Carlo/agent-pass.g722": "asterisk-core-sounds-it-g722",
    "/usr/share/doc/asterisk-core-sounds-it/core-sounds-it.txt.gz": "asterisk-core-sounds-it",
    "/usr/share/games/fillets-ng/script": "fillets-ng-data",
    "/usr/share/games/fillets-ng/sound/cabin1/cs": "fillets-ng-data-cs",
}


def missing_parts(wanted: dict[str, str]) -> dict[str, str]:
    """Return those of the wanted parts that this machine lacks; none except on Linux.

    Args:
        wanted: parts (libraries by file name, programs by name, files and folders by path) with the Debian
            package of each.
    """
    if not sys.platform.startswith("linux"):
        return {}
    return {part: package for part, package in wanted.items() if not _is_here(part)}


def require_parts(wanted: dict[str, str]) -> None:
    """Check that this machine has the wanted parts.

    Raises:
        BuildError: naming everything that is missing and the command that installs it all.
    """
    missing = missing_parts(wanted)
    if missing:
        message = (
            f"This machine lacks {', '.join(missing)}. On Debian and Ubuntu, install as root with: "
            f"apt-get update && apt-get install -y --no-install-recommends {' '.join(missing.values())}"
        )
        raise BuildError(message)


def _is_here(part: str) -> bool:
    if part == VENV:
        return importlib.util.find_spec("ensurepip") is not None
    if part.startswith("/"):
        return Path(part).exists()
    if ".so" not in part:
        return shutil.which(part) is not None
    try:
        ctypes.CDLL(part)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    print(" ".join(missing_parts(BLENDER | VOICES).values()))
