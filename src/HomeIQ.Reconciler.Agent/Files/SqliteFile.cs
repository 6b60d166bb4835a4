using System.Data;
using Microsoft.Data.Sqlite;

namespace HomeIQ.Reconciler.Files;

/// <summary>A SQLite file: asked and told in SQL, one connection that is nobody else's.</summary>
/// <remarks>Never pooled, so that closing it lets go of the file. Whoever reads the file's bytes while this process has it open takes its locks away.</remarks>
internal sealed class SqliteFile : IDisposable
{
    private readonly SqliteConnection connection;

    /// <param name="makes">Makes the file when it is not there.</param>
    /// <exception cref="SqliteFileException">It cannot be opened.</exception>
    public SqliteFile(string path, bool makes)
    {
        connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, Mode = makes ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite }.ToString());
        try
        {
            connection.Open();
        }
        catch (SqliteException unusable)
        {
            connection.Dispose();
            throw new SqliteFileException(unusable.Message, unusable);
        }
    }

    public string Path => connection.DataSource;

    /// <summary>What follows until its commit happens as a whole or not at all.</summary>
    public IDbTransaction Begin() => connection.BeginTransaction();

    public void Dispose() => connection.Dispose();

    public List<T> Rows<T>(string query, Func<IDataRecord, T> read, params object[] values) => Try(() =>
    {
        using var command = Command(query, values);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    });

    public object? Scalar(string query, params object[] values) => Try(() =>
    {
        using var command = Command(query, values);
        return command.ExecuteScalar();
    });

    public void Execute(string statement, params object[] values) => Try(() =>
    {
        using var command = Command(statement, values);
        return command.ExecuteNonQuery();
    });

    /// <summary>Copies it as it is at one moment, in one step, whoever writes meanwhile: stepwise copies of a busy database never end.</summary>
    public void CopyTo(SqliteFile target) => Try(() =>
    {
        connection.BackupDatabase(target.connection);
        return true;
    });

    private static T Try<T>(Func<T> ask)
    {
        try
        {
            return ask();
        }
        catch (SqliteException broken)
        {
            throw new SqliteFileException(broken.Message, broken);
        }
    }

    private SqliteCommand Command(string text, object[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = text;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i]);
        }

        return command;
    }
}

/// <summary>SQLite's own words of what is wrong with a file.</summary>
internal sealed class SqliteFileException(string message, Exception inner) : Exception(message, inner);
