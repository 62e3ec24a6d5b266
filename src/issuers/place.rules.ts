import { isSupportedCountry } from 'libphonenumber-js';
import { refuse } from '../platform/errors';

/** Somewhere in a country: ISO 3166-1 alpha-2, and ISO 3166-2 of what lies in it. */
export interface Place {
  readonly country: string | null;
  readonly subdivision: string | null;
}

/** Refuses with PLACE_UNKNOWN a country that there is not, and a subdivision that does not lie in it. */
export function assertPlace({ country, subdivision }: Place): void {
  if (country !== null && !(/^[A-Z]{2}$/.test(country) && isSupportedCountry(country)))
    refuse('PLACE_UNKNOWN', 'There is no such country in ISO 3166-1: two capital letters.', { field: 'country' });
  if (subdivision !== null && !(country !== null && new RegExp(`^${country}-[A-Z0-9]{1,3}$`).test(subdivision)))
    refuse('PLACE_UNKNOWN', 'A subdivision is written as in ISO 3166-2, and lies in the country: `IN-KA`.', {
      field: 'subdivision',
    });
}
