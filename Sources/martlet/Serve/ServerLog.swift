import Logging
import ServerConfiguration
import Store

/// The server's log: everything that is logged in the process goes to standard error, as the configuration says.
enum ServerLog {
    /// Starts the log. Once in a process, before the first logger is made.
    static func start(_ options: Configuration.Logging, clock: any Clock) {
        let level = Logger.Level(options.level)
        let format = options.format
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                switch format {
                case .text: StreamLogHandler.standardError(label: label)
                case .json: JSONLogHandler(label: label, clock: clock)
                }
            handler.logLevel = level
            return handler
        }
    }
}

extension Logger.Level {
    fileprivate init(_ level: Configuration.Logging.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
