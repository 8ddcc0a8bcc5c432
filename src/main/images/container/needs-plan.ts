/** Tells that layers cannot be flattened in one pass from the top down: they must be read for a plan first. */
import { AppError } from '../../../shared/index.ts';

/** Never leaves the room. */
export class NeedsPlan extends AppError {
  constructor() {
    super('internal', 'The layers of this image need a plan.');
    this.name = 'NeedsPlan';
  }
}
