"""The words of the generated play, each with the beats of its syllables.

A word's beats are a string, one digit a syllable: 1 is stressed, 0 is not, and x is a word of one
syllable that can be either. They are those of the verse: the last syllable of "majesty" may bear a
beat, so it is 101.
"""

from __future__ import annotations

_WORDS = {
    "noun": """
    1 heart hand eye king crown sword night day sun moon star sea ship wind storm rose tree wood
    1 stone wall gate house hearth flame torch bell song voice word name oath grave ghost dream
    1 sleep grief joy love hate hope fear truth lie thief friend foe child son wife maid knight lord
    1 queen duke fool wolf hawk lark crow hound horse field road hill brook bridge tower ring glove
    1 coin cup wine bread cloak mask page book pen knife spear shield host feast war peace law
    10 summer winter morning evening shadow river mountain garden castle prison dagger arrow mirror
    10 candle letter secret promise story music sorrow anger pleasure honour fortune danger kingdom
    10 mother father brother sister daughter widow cousin servant soldier sailor captain pilgrim
    10 beggar master raven falcon lily apple thunder feather window curtain chamber harbour island
    01 command revenge deceit desire repose despair delight reply return event design estate account
    010 ambition companion affection occasion confession remembrance commander tomorrow assembly
    101 majesty memory melody messenger enemy liberty tapestry company prophecy remedy minister
    """,
    "plural": """
    1 hearts hands eyes kings crowns swords nights days suns stars seas ships winds storms trees
    1 woods stones walls gates flames bells songs words names oaths graves ghosts dreams griefs joys
    1 hopes fears lies thieves friends foes sons maids knights lords fools wolves hawks larks crows
    1 hounds fields roads hills streams towers rings gloves coins cups cloaks masks books knives
    10 shadows rivers mountains gardens castles daggers arrows mirrors candles letters secrets
    10 sorrows
    10 promises stories pleasures honours fortunes dangers brothers sisters daughters widows cousins
    10 servants soldiers sailors captains pilgrims beggars masters ravens falcons lilies feathers
    01 commands desires delights replies events designs estates accounts
    010 ambitions companions affections occasions confessions commanders
    101 memories melodies messengers enemies tapestries prophecies remedies ministers
    """,
    "adjective": """
    1 bold brave bright cold cruel dark dead dear deep fair false fierce fond frail free glad good
    1 grave great green grey hard harsh high kind last lost low mad meek old pale poor proud pure
    1 quick rare red rich rude sad sharp sick slow soft stern strange strong sweet tall true vain
    1 warm weak white wild wise wrong young
    10 golden silver silent secret gentle bitter noble holy weary angry happy ancient naked heavy
    10 lonely mighty hidden broken wicked humble tender royal sullen crooked faithful faithless
    01 divine severe sincere unkind untrue profound obscure serene discreet well-made ill-got
    01 long-lost high-born
    010 immortal unhappy forgotten untimely unwelcome uncertain forbidden ungentle
    101 merciful terrible beautiful wonderful dangerous bountiful sorrowful
    """,
    "verb": """
    1 love hate fear seek find lose keep hold take bring break mend bless curse praise blame know
    1 trust doubt serve rule hear see watch guard leave call name kill save burn steal hide show
    1 wake mourn wrong wound warn teach tempt spare
    10 follow conquer banish pardon flatter murder honour promise measure borrow carry gather bury
    01 betray forgive forget defend destroy deny desire beseech command obey reward forsake adore
    01 despise confess reveal conceal pursue
    010 remember deliver imprison discover abandon bewilder
    """,
    "finds": """
    1 loves hates fears seeks finds keeps holds takes brings breaks mends knows trusts doubts serves
    1 rules hears sees guards leaves calls names kills saves burns steals hides shows wakes mourns
    1 wounds warns tempts spares
    10 follows conquers pardons flatters murders honours measures borrows carries gathers buries
    10 blesses curses praises banishes teaches watches
    01 betrays forgives forgets defends destroys denies desires commands obeys rewards forsakes
    01 adores despises reveals conceals pursues
    010 remembers delivers imprisons discovers abandons bewilders
    """,
    "goes": """
    1 goes comes stays sleeps wakes weeps laughs sings dies lives falls stands runs waits speaks
    1 burns shines fades grows turns sighs dreams breaks
    10 wanders trembles lingers hastens thunders whispers vanishes
    01 returns departs arrives awakes begins decays
    """,
    "go": """
    1 go come stay sleep wake weep laugh sing die live fall stand run wait speak burn shine fade
    1 grow turn sigh dream break
    10 wander tremble linger hasten thunder whisper vanish
    01 return depart arrive awake begin decay
    """,
    "adverb": """
    x now then soon still once here there thus
    10 never ever always often gladly sadly slowly softly boldly truly dearly
    01 again alone tonight today in_vain too_late too_soon
    101 tenderly faithfully silently secretly bitterly
    """,
    "preposition": """
    x in on by from with to for at near through like past o'er
    01 beyond above beneath beside before behind against within without upon among
    10 under over after
    """,
    "the": "0 the the my thy his her our your this that a a no each some",
    "those": "0 the my thy his her our your these those no all some",
    "who": "x I you we they",
    "he": "x he she it",
    "whom": "x me him her thee us them",
    "will": "x will shall must may can would should could did",
    "and": "x and but for yet or so",
    "when": "x when if though till since as",
    "oh": "x O ah come nay well why hark good sweet now so",
    "is": "x is was",
    "are": "x are were",
    "where": "x where when why how",
    "'tis": "0 'tis 'twas",
    "name": """
    10 Aldric Brannor Corwin Doran Edda Fenwick Garrick Hilda Ivor Jorund Kestrel Lorcan Merrick
    10 Norval Perrin Quillan Sable Tamsin Ulric Wystan Yoland Zoran
    01 Elaine Marcelle Lorenne Celeste
    101 Verity Emeline Jessamy Gwendolen
    """,
}


def _pronounced(text: str) -> dict[str, tuple[str, ...]]:
    """The words of a list by their beats."""
    found: dict[str, list[str]] = {}
    beats = ""
    for word in text.split():
        if set(word) <= set("01x"):
            beats = word
        else:
            found.setdefault(beats, []).append(word.replace("_", " "))
    return {beats: tuple(words) for beats, words in found.items()}


KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    kind: _pronounced(text) for kind, text in _WORDS.items()
}
"""Kind of word -> beats -> words."""
