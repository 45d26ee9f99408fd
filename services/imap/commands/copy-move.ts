import type { SelectedHandler } from '../session-state.ts';

export const copy: SelectedHandler<'copy'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
export const move: SelectedHandler<'move'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
