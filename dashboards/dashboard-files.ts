import { BOARDS } from './boards.ts';
import { buildBoard } from './parts/board.ts';

/** The dashboards as files for Grafana: the text by file name, `nodes.json` for the uid `pharos-nodes`. */
export function dashboardFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const board of BOARDS) {
    const name = `${board.uid.replace(/^pharos-/, '')}.json`;
    files.set(name, JSON.stringify(buildBoard(board), null, 2) + '\n');
  }
  return files;
}
