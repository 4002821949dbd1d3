/**
 * Control and format characters, lone surrogates, bidi marks, what takes no room, and every blank but the plain one:
 * what a terminal would act on, or nobody would see.
 */
export const INVISIBLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
