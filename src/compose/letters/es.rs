//! The words of the letters to a single reader in Spanish.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "es",
    confirm: LetterSentences {
        subject: "Confirme su suscripción a {{ newsletter }}",
        title: "Confirme su suscripción",
        text: "Alguien, probablemente usted, ha pedido que {{ newsletter }} se envíe a {{ email }}. La suscripción empieza cuando la confirme en la página de este enlace:",
    },
    confirm_button: "Confirmar la suscripción",
    confirm_end: "El enlace vale siete días. Si no ha sido usted, no haga nada: no recibirá nada más que una pregunta como esta, si alguien vuelve a pedirlo, tres veces por semana como máximo.",
    already: LetterSentences {
        subject: "Ya está suscrito a {{ newsletter }}",
        title: "Ya está suscrito",
        text: "Alguien, probablemente usted, ha pedido que {{ newsletter }} se envíe a {{ email }}. Ya se envía allí, y nada ha cambiado. Si no ha sido usted, no haga nada.",
    },
    welcome: LetterSentences {
        subject: "Le damos la bienvenida a {{ newsletter }}",
        title: "Bienvenida",
        text: "{{ newsletter }} se enviará a {{ email }} a partir del próximo número. Al final de cada mensaje hay un enlace para cancelar la suscripción.",
    },
    latest: "Leer el último número",
    link: LetterSentences {
        subject: "Su enlace para {{ newsletter }}",
        title: "Su enlace",
        text: "Alguien, probablemente usted, ha pedido un enlace a lo que se guarda sobre {{ email }}. Lleva a una página en la que puede descargarlo o hacer que se borre:",
    },
    link_button: "Abrir la página",
    link_end: "El enlace vale una hora. Si no ha sido usted, no haga nada.",
};
