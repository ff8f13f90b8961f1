// Relative times, in the words of the server.

const UNITS = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];

export function ago(moment) {
  const seconds = (Date.now() - moment.getTime()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 5) return "just now";
  const [unit, noun] = UNITS.find(([size]) => distance >= size);
  const count = Math.floor(distance / unit);
  const said = `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `${said} ago` : `in ${said}`;
}
