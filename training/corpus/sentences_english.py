"""Made-up English sentences, for voices that are synthesised: every phone in many neighbourhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def split(text: str) -> list[str]:
    """Return the phrases of a block of text, separated by bars."""
    return text.replace("\n", "").split("|")


_WHO = split("""
my mother|the old captain|a young baker|her brother|the judge|our neighbour|the red fox|
your uncle Bob|this boy|Aunt Mabel|the whole village|a pale woman|somebody|the farmer's wife|
Doctor Wu|the thief|both of them|the ship's cook|a huge bear|nobody here|Joshua|the choir|
the pilot|every child|George and Phoebe|a shy poet
""")
_DOES = split("""
bought|has never seen|would rather paint|might push|wrote about|broke|whispered to|
cannot believe in|chose|threw away|measured|is going to move|used to love|will wash|found|
keeps asking for|laughed at|jumped over|should join|tasted|watched|brought home|enjoyed|forgot|
shook|buried|sold us|almost caught|put up with
""")
_WHAT = split("""
a bowl of soup|the blue vase|five hundred pounds|that awful noise|the broken mirror|an orange hat|
a warm bath|those empty boxes|the garage key|a piece of cheese|his favourite song|
the mountain path|a bottle of milk|the treasure map|some very thin paper|the judge's beard|
a bag of apples|their boat|the bathroom wall|a little puppy|all of the chairs|the answer|
a purple umbrella|the last page|an oyster|two wooden spoons
""")
_WHEN = split("""
before breakfast|on Thursday|in the middle of the night|by the river|without a word|
for the first time|because of the rain|near the old bridge|at half past five|every morning|
as far as I know|under the moon|with both hands|after all|since we moved here|again and again|
out of pure joy|in the usual way|maybe|while the boys were asleep
""")
_SAID = split("""
Well, why not?|No, stop it!|Oh, I am so sorry about that.|How much would you pay for it?|
Please be quiet.|You must be joking.|Where have you been?|Give me a moment, would you?|
Absolutely not.|Hmm, maybe I will.|What a beautiful view!|Who is there?|I do not think so.|
Come on, hurry up.|That is enough for today.|Good evening, ladies and gentlemen.|
Look out behind you!|Nobody told me anything.|We shall see.|Pass the pepper, Bob.|
Whoever brought this puppy must feed it as well.|Few people saw him, but everybody heard him shout.|
Put your umbrella up before we are both soaked.|Vera always leaves the lamp on in the small bedroom.|
Perhaps you ought to ask the plumber first.|My thumb is numb, and my knees are not much better.|
The fog thickened until the ship's horn was all we had.|Why would you whisper in an empty warehouse?|
Measure the beige carpet, then buy twice as much.|Bees hum, bats flap, and wolves howl at noon.|
He mumbled an apology and backed out of the shop.|This chip bag is empty, and that one is full of pebbles.|
Choose a church, a judge, and a jolly good jazz band.|You could have warned us about the broken boiler!|
Smooth pebbles make a poor pillow.|Father Murphy moved five heavy bathtubs by himself.|
I thought that these three brothers loathed the south.|Rub it, wipe it, mop it up, and go home.|
Oh boy, what an enormous moon!|Ma, Pa, me and my pup made a pie.|Bubbles popped above the bath.|
Move over, you are blocking my view of the parade.|Amber promised to remember November the fifth.|
Even now, zebras graze in the azure haze.|Ouch, you stepped on my toe with your huge boot.|
Paul and Maude saw four tall walls fall.|Good cooks should look at cookbooks.|
Who knew you two grew blue fruit?|
Sheep keep cheap sheets neat.|Ten men met at the edge of the wet shed.|Hot coffee spilled on the odd rock.|
Her first girl heard the early bird purr.|Now count the loud brown cows.|My wife might drive by at nine.|
The royal boy destroyed his noisy toy.|Go slowly, no boat is below the hold.
""")
_COMMAND = ("bin|lay|place|set", "blue|green|red|white", "at|by|in|with", "again|now|please|soon")
_LETTERS = split("""
A|B|C|D|E|F|G|H|I|J|K|L|M|N|O|P|Q|R|S|T|U|V|X|Y|Z
""")
_DIGITS = split("""
zero|one|two|three|four|five|six|seven|eight|nine
""")


def _pick(words: list[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]


def make_sentence(rng: np.random.Generator) -> str:
    """Return one sentence: mostly plain statements, some exclamations, some six-word commands."""
    kind = rng.random()
    statement = f"{_pick(_WHO, rng)} {_pick(_DOES, rng)} {_pick(_WHAT, rng)} {_pick(_WHEN, rng)}."
    if kind < 0.6:  # noqa: PLR2004 - shares of the three kinds
        return statement[0].upper() + statement[1:]
    if kind < 0.9:  # noqa: PLR2004 - likewise
        return _pick(_SAID, rng)
    verb, colour, place, end = (_pick(group.split("|"), rng) for group in _COMMAND)
    return f"{verb} {colour} {place} {_pick(_LETTERS, rng)} {_pick(_DIGITS, rng)} {end}.".capitalize()
