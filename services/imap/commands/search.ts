import type { SelectedHandler } from '../session-state.ts';

export const search: SelectedHandler<'search'> = async () => ({ condition: 'NO', code: { code: 'CANNOT' }, text: 'Not yet' });
