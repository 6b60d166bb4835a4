namespace HomeIQ.Reconciler.Policies;

/// <summary>The JSON Schema (draft 2020-12) of <c>reconciler.yaml</c>: it accepts exactly what <see cref="PolicyFile"/> accepts.</summary>
/// <remarks>
/// Which services exist is not in the file, so the schema cannot know it, nor that a service is in one phase only. The
/// patterns are the reader's own; no text is longer than <see cref="Longest"/> where a pattern holds.
/// </remarks>
public static class PolicySchema
{
    internal const int Longest = 500;

    // At most six parts of five digits: about seventy years, which every clock bears.
    internal const string Duration = @"^(?=.*[1-9])([0-9]{1,5}(\.[0-9]{1,3})?(h|ms|m|s)){1,6}$";

    internal const string Share = "^(100|[0-9]{1,2})%$";

    internal const string Path = "^/[!-~]*$";

    /// <summary>No way leads up and out of it.</summary>
    internal const string FilePath = @"^(?!.*//)(?!.*/\.{1,2}(/|$))/[!-~]*[!-.0-~]$";

    /// <summary>Of a database: files are called so.</summary>
    internal const string FileName = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$";

    internal const string Url =
        @"^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][!-~]*)?$";

    /// <summary>The schema as text.</summary>
    public static string Text { get; } = $$"""
        {
          "$schema": "https://json-schema.org/draft/2020-12/schema",
          "title": "reconciler.yaml",
          "description": "How change is made to the services of the Compose files beside this one.",
          "type": "object",
          "required": ["version"],
          "additionalProperties": false,
          "properties": {
            "version": { "const": 1, "description": "The version of this file's format." },
            "compose": {
              "description": "The Compose files, relative to this file; later ones override earlier ones. Default: compose.yaml, then compose.versions.yaml if it is there.",
              "type": "array", "minItems": 1, "uniqueItems": true, "items": { "$ref": "#/$defs/name" }
            },
            "project": { "description": "The name of the Compose project: part of the names of volumes and networks.", "$ref": "#/$defs/name" },
            "phases": {
              "description": "The services of a phase move only when those of all earlier phases are verified; services in no phase move last.",
              "type": "array",
              "items": {
                "type": "object",
                "required": ["name", "services"],
                "additionalProperties": false,
                "properties": { "name": { "$ref": "#/$defs/name" }, "services": { "$ref": "#/$defs/names" } }
              }
            },
            "defaults": {
              "description": "What holds for every service that says nothing else.",
              "type": "object",
              "additionalProperties": false,
              "properties": { "risk": { "$ref": "#/$defs/risk" }, "drift": { "$ref": "#/$defs/drift" }, "verify": { "$ref": "#/$defs/verify" } }
            },
            "services": {
              "description": "What holds for single services.",
              "type": "object",
              "propertyNames": { "minLength": 1 },
              "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                  "risk": { "$ref": "#/$defs/risk" },
                  "drift": { "$ref": "#/$defs/drift" },
                  "verify": { "$ref": "#/$defs/verify" },
                  "restart-with": { "description": "When one of these services was restarted or made anew, this one is restarted, too.", "$ref": "#/$defs/names" },
                  "allow-downgrade": { "description": "Permit a lower version although the service writes to a volume.", "type": "boolean" }
                }
              }
            },
            "databases": {
              "description": "Data that moves with the commit: copied before its services are replaced, and put back when they go back.",
              "type": "object",
              "propertyNames": { "maxLength": {{Longest}}, "pattern": "{{FileName}}" },
              "additionalProperties": {
                "oneOf": [
                  {
                    "type": "object",
                    "required": ["kind", "service", "mount"],
                    "additionalProperties": false,
                    "properties": {
                      "kind": { "description": "Any files, as they are.", "const": "volume" },
                      "service": { "description": "Whose data it is.", "$ref": "#/$defs/name" },
                      "mount": { "description": "The mount point of its volume, inside the service's container.", "type": "string", "maxLength": {{Longest}}, "pattern": "{{Path}}" }
                    }
                  },
                  {
                    "type": "object",
                    "required": ["kind", "service", "path"],
                    "additionalProperties": false,
                    "properties": {
                      "kind": { "description": "One SQLite database; its whole volume is copied, and the copy is opened and counted.", "const": "sqlite" },
                      "service": { "description": "Whose data it is.", "$ref": "#/$defs/name" },
                      "path": { "description": "Its file, inside the service's container.", "type": "string", "maxLength": {{Longest}}, "pattern": "{{Escaped(FilePath)}}" },
                      "migrate": {
                        "description": "Program and arguments by which another image of the service brings the data up to itself, while nobody uses it; rehearsed on a copy first. Of alembic the revision is checked, too. Default: the service does so itself when it starts.",
                        "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/name" }
                      },
                      "migrate-within": { "description": "It has failed when it takes longer. Default: 10m.", "$ref": "#/$defs/duration" }
                    }
                  }
                ]
              }
            },
            "policy": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "floating-tags": { "description": "Images without a fixed version. Default: refuse.", "enum": ["refuse", "allow"] },
                "removals": {
                  "description": "More removals than the larger of the two need an approval. Default: 2 and 20%.",
                  "type": "object",
                  "additionalProperties": false,
                  "properties": {
                    "max": { "type": "integer", "minimum": 0, "maximum": 10000 },
                    "share": { "type": "string", "maxLength": {{Longest}}, "pattern": "{{Share}}" }
                  }
                },
                "soak": {
                  "description": "How long a verified commit is watched before it is last known-good; a service that falls ill meanwhile takes it back. Default: 5m.",
                  "oneOf": [
                    { "const": "none" },
                    { "$ref": "#/$defs/duration" },
                    {
                      "type": "object",
                      "additionalProperties": false,
                      "properties": {
                        "for": { "$ref": "#/$defs/duration" },
                        "log-errors": { "description": "What a log means that fills with errors as it did not before the change. Default: fail.", "enum": ["fail", "warn", "ignore"] }
                      }
                    }
                  ]
                },
                "parallel": { "description": "How many steps may be under way at once. Default: 4.", "type": "integer", "minimum": 1, "maximum": 100 },
                "generations": { "description": "How many generations are kept, the present one counted. Default: 3.", "type": "integer", "minimum": 1, "maximum": 100 }
              }
            }
          },
          "$defs": {
            "name": { "type": "string", "minLength": 1 },
            "names": { "type": "array", "uniqueItems": true, "items": { "$ref": "#/$defs/name" } },
            "risk": { "description": "What a failure costs the house. Default: low.", "enum": ["low", "medium", "high"] },
            "drift": { "description": "What to do about changes made by hand. Default: correct.", "enum": ["correct", "warn", "ignore"] },
            "duration": { "description": "Numbers with units: 30s, 1m30s, 500ms.", "type": "string", "maxLength": {{Longest}}, "pattern": "{{Escaped(Duration)}}" },
            "url": { "type": "string", "maxLength": {{Longest}}, "pattern": "{{Escaped(Url)}}" },
            "port": { "type": "integer", "minimum": 1, "maximum": 65535 },
            "status": { "type": "integer", "minimum": 100, "maximum": 599 },
            "verify": {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "timeout": { "description": "The most that a service may take from its start to verified.", "$ref": "#/$defs/duration" },
                "probes": { "description": "Questions that must all be answered right.", "type": "array", "items": { "$ref": "#/$defs/probe" } }
              }
            },
            "probe": {
              "oneOf": [
                {
                  "type": "object",
                  "required": ["http"],
                  "additionalProperties": false,
                  "properties": {
                    "http": { "$ref": "#/$defs/http" },
                    "status": {
                      "description": "The expected status, or several. Default: 200.",
                      "oneOf": [
                        { "$ref": "#/$defs/status" },
                        { "type": "array", "minItems": 1, "uniqueItems": true, "items": { "$ref": "#/$defs/status" } }
                      ]
                    },
                    "json": {
                      "description": "Paths into the body and the values that they must have.",
                      "type": "object",
                      "minProperties": 1,
                      "propertyNames": { "minLength": 1 },
                      "additionalProperties": { "type": ["string", "number", "boolean"] }
                    },
                    "interval": { "$ref": "#/$defs/duration" },
                    "timeout": { "$ref": "#/$defs/duration" }
                  }
                },
                {
                  "type": "object",
                  "required": ["tcp"],
                  "additionalProperties": false,
                  "properties": { "tcp": { "$ref": "#/$defs/port" }, "interval": { "$ref": "#/$defs/duration" }, "timeout": { "$ref": "#/$defs/duration" } }
                },
                {
                  "type": "object",
                  "required": ["exec"],
                  "additionalProperties": false,
                  "properties": {
                    "exec": { "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/name" } },
                    "interval": { "$ref": "#/$defs/duration" },
                    "timeout": { "$ref": "#/$defs/duration" }
                  }
                }
              ]
            },
            "http": {
              "oneOf": [
                { "$ref": "#/$defs/url" },
                { "type": "object", "required": ["url"], "additionalProperties": false, "properties": { "url": { "$ref": "#/$defs/url" } } },
                {
                  "type": "object",
                  "required": ["port"],
                  "additionalProperties": false,
                  "properties": {
                    "port": { "description": "A port of the container.", "$ref": "#/$defs/port" },
                    "path": { "type": "string", "maxLength": {{Longest}}, "pattern": "{{Path}}" },
                    "scheme": { "enum": ["http", "https"] }
                  }
                }
              ]
            }
          }
        }
        """;

    private static string Escaped(string pattern) => pattern.Replace(@"\", @"\\", StringComparison.Ordinal);
}
