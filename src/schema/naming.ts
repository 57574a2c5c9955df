/** Returns the name of a type for a field or mutation: "CreateAsset" for "createAsset". */
export const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Returns the name of a field for a type: "chatSession" for "ChatSession". */
export const uncapitalized = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Returns the words of a name: "asset templates" for "assetTemplates". */
export const wordsOf = (name: string): string => name.replaceAll(/(?!^)[A-Z]/g, ' $&').toLowerCase();
