/// What a configuration is made from: a file, environment variables above it, and the command line's flags above both.
package struct ConfigurationSources: Sendable {
    /// The configuration file; nil to go without one.
    package var file: ConfigurationFile?
    /// The process's environment; variables that do not begin with `MARTLET_` are passed over.
    package var environment: [String: String] = [:]
    package var flags: [ConfigurationFlag] = []

    package init() {}
}

/// A configuration file that was read, as text.
package struct ConfigurationFile: Sendable {
    /// The name to call it in messages.
    package var name: String
    package var text: String

    package init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A flag of the command line and what it sets. Its texts are taken as they are, not read as YAML.
package struct ConfigurationFlag: Sendable {
    package enum Value: Sendable {
        case text(String)
        case list([String])
    }

    /// The flag as it is typed: `--port`.
    package var name: String
    package var path: ConfigurationPath
    package var value: Value

    package init(_ name: String, sets path: ConfigurationPath, to value: Value) {
        self.name = name
        self.path = path
        self.value = value
    }
}
