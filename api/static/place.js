// Where it was, for who would rather point than write: the device's own spot, and a map of plain pictures where the installation has
// a tile server. Both fill two hidden fields with degrees, cut to about a hundred metres. Nothing needs them.
const latitude = document.getElementById("latitude");
const longitude = document.getElementById("longitude");
const says = document.querySelector("[data-locate-says]");
const round = (degrees) => Math.round(degrees * 1000) / 1000;

function take(lat, lon) {
  latitude.value = round(lat);
  longitude.value = round(lon);
  document.querySelector("[data-locate]").hidden = false;
  says.textContent = says.dataset.found;
}

const ask = document.querySelector("[data-locate-ask]");
if (ask && "geolocation" in navigator && isSecureContext) {
  ask.hidden = document.querySelector("[data-locate]").hidden = false;
  ask.addEventListener("click", () => {
    says.textContent = says.dataset.waiting;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        take(coords.latitude, coords.longitude);
        map?.go(coords.latitude, coords.longitude, 16);
      },
      () => (says.textContent = says.dataset.failed),
      { maximumAge: 60_000, timeout: 20_000 },
    );
  });
}

const SIZE = 256; // pixels of a tile's side
const DEEPEST = 19;

// Web Mercator: degrees to pixels of the whole world at a zoom, and back.
const toX = (lon, zoom) => ((lon + 180) / 360) * SIZE * 2 ** zoom;
const toY = (lat, zoom) => (0.5 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / (2 * Math.PI)) * SIZE * 2 ** zoom;
const toLon = (x, zoom) => (x / (SIZE * 2 ** zoom)) * 360 - 180;
const toLat = (y, zoom) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / (SIZE * 2 ** zoom)))) * 180) / Math.PI;

class TileMap {
  constructor(box) {
    this.box = box;
    this.view = box.querySelector(".map-view");
    this.tiles = new Map();
    const [lat, lon, zoom] = (box.dataset.start || "20,0,2").split(",").map(Number);
    const chosen = latitude.value !== "";
    box.hidden = false;
    this.go(chosen ? Number(latitude.value) : lat, chosen ? Number(longitude.value) : lon, chosen ? 15 : zoom);
    this.view.addEventListener("keydown", (event) => this.#key(event));
    this.view.addEventListener("pointerdown", (event) => this.#drag(event));
    for (const button of box.querySelectorAll("[data-map-by]"))
      button.addEventListener("click", () => this.#closer(button.dataset.mapBy === "in" ? 1 : -1));
    box.querySelector("[data-map-take]").addEventListener("click", () => take(toLat(this.y, this.zoom), toLon(this.x, this.zoom)));
    new ResizeObserver(() => this.#draw()).observe(this.view);
  }

  go(lat, lon, zoom) {
    this.zoom = Math.min(Math.max(zoom, 1), DEEPEST);
    this.x = toX(lon, this.zoom);
    this.y = toY(lat, this.zoom);
    this.#draw();
  }

  #move(dx, dy) {
    const world = SIZE * 2 ** this.zoom;
    this.x = (this.x + dx + world) % world;
    this.y = Math.min(Math.max(this.y + dy, 0), world);
    this.#draw();
  }

  #closer(by) {
    this.go(toLat(this.y, this.zoom), toLon(this.x, this.zoom), this.zoom + by);
  }

  #key(event) {
    const moves = { ArrowLeft: [-64, 0], ArrowRight: [64, 0], ArrowUp: [0, -64], ArrowDown: [0, 64] };
    if (event.key in moves) this.#move(...moves[event.key]);
    else if (event.key === "+" || event.key === "=") this.#closer(1);
    else if (event.key === "-") this.#closer(-1);
    else return;
    event.preventDefault();
  }

  #drag(event) {
    this.view.setPointerCapture(event.pointerId);
    let { clientX, clientY } = event;
    const move = (moved) => {
      this.#move(clientX - moved.clientX, clientY - moved.clientY);
      ({ clientX, clientY } = moved);
    };
    this.view.addEventListener("pointermove", move);
    const stop = () => this.view.removeEventListener("pointermove", move);
    this.view.addEventListener("pointerup", stop, { once: true });
    this.view.addEventListener("pointercancel", stop, { once: true });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.view;
    const count = 2 ** this.zoom;
    const left = this.x - width / 2;
    const top = this.y - height / 2;
    const wanted = new Set();
    for (let column = Math.floor(left / SIZE); column * SIZE < left + width; column++)
      for (let row = Math.max(Math.floor(top / SIZE), 0); row < count && row * SIZE < top + height; row++) {
        const name = `${this.zoom}/${column}/${row}`;
        wanted.add(name);
        if (!this.tiles.has(name)) this.tiles.set(name, this.#tile(((column % count) + count) % count, row));
        this.tiles.get(name).style.transform = `translate(${Math.round(column * SIZE - left)}px, ${Math.round(row * SIZE - top)}px)`;
      }
    for (const [name, tile] of this.tiles)
      if (!wanted.has(name)) {
        tile.remove();
        this.tiles.delete(name);
      }
  }

  #tile(column, row) {
    const tile = new Image(SIZE, SIZE);
    tile.alt = "";
    tile.draggable = false;
    tile.referrerPolicy = "origin"; // tile servers want to know which site asks, not which page
    tile.src = this.box.dataset.map.replace("{z}", this.zoom).replace("{x}", column).replace("{y}", row);
    this.view.prepend(tile);
    return tile;
  }
}

const box = document.querySelector("[data-map]");
const map = box ? new TileMap(box) : null;
