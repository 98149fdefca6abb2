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
    confirm_end: "El enlace vale siete días. Si no ha sido usted, no haga nada: no recibirá más mensajes.",
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
        text: "Alguien, probablemente usted, ha pedido un enlace a lo que se guarda sobre {{ email }}. Lleva a una página en la que puede cambiar su dirección, descargarlo todo o hacer que se borre:",
    },
    link_button: "Abrir la página",
    link_end: "El enlace vale una hora. Si no ha sido usted, no haga nada.",
    address: LetterSentences {
        subject: "Confirme su nueva dirección para {{ newsletter }}",
        title: "Confirme su nueva dirección",
        text: "Alguien, probablemente usted, ha pedido que {{ newsletter }} se envíe desde ahora a {{ email }}, y ya no a la dirección anterior. La dirección cambia cuando lo confirme en la página de este enlace:",
    },
    address_button: "Confirmar la dirección",
    moved: LetterSentences {
        subject: "{{ newsletter }} se envía ahora a otra dirección",
        title: "Su dirección ha cambiado",
        text: "Desde ahora, {{ newsletter }} se envía a otra dirección, y ya no a {{ email }}: se pidió con un enlace que enviamos a {{ email }}, y la nueva dirección lo ha confirmado. Si no ha sido usted, deshaga el cambio en la página de este enlace:",
    },
    moved_button: "Deshacer el cambio",
    moved_end: "El enlace vale siete días. También puede responder a este mensaje.",
};
