//! The words of the letters to a single reader in German.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "de",
    confirm: LetterSentences {
        subject: "Bitte bestätigen Sie: {{ newsletter }} abonnieren",
        title: "Bitte bestätigen Sie das Abonnement",
        text: "Jemand, wahrscheinlich Sie, hat {{ newsletter }} für {{ email }} bestellt. Es beginnt, wenn Sie es auf der Seite hinter diesem Link bestätigen:",
    },
    confirm_button: "Abonnement bestätigen",
    confirm_end: "Der Link gilt sieben Tage. Wenn Sie es nicht waren, tun Sie nichts: Sie bekommen nichts außer einer Frage wie dieser, wenn jemand noch einmal fragt, höchstens dreimal in einer Woche.",
    already: LetterSentences {
        subject: "Sie haben {{ newsletter }} schon abonniert",
        title: "Sie haben schon abonniert",
        text: "Jemand, wahrscheinlich Sie, hat {{ newsletter }} für {{ email }} bestellt. Diese Adresse bekommt es schon, und nichts hat sich geändert. Wenn Sie es nicht waren, tun Sie nichts.",
    },
    welcome: LetterSentences {
        subject: "Willkommen bei {{ newsletter }}",
        title: "Willkommen",
        text: "{{ newsletter }} kommt ab der nächsten Ausgabe an {{ email }}. Am Ende jeder Nachricht steht ein Link zum Abbestellen.",
    },
    latest: "Die letzte Ausgabe lesen",
    link: LetterSentences {
        subject: "Ihr Link für {{ newsletter }}",
        title: "Ihr Link",
        text: "Jemand, vermutlich Sie, hat einen Link zu dem angefordert, was über {{ email }} gespeichert ist. Er führt zu einer Seite, auf der Sie es herunterladen oder löschen lassen können:",
    },
    link_button: "Seite öffnen",
    link_end: "Der Link gilt eine Stunde. Wenn Sie es nicht waren, müssen Sie nichts tun.",
};
