/** The page that stands for the others while the server cannot be reached. */

const again = () => location.reload();

document.querySelector("button")?.addEventListener("click", again);
addEventListener("online", again);
