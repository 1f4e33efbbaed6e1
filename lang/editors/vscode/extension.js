// Starts `topo lsp` for lab files and stops it again; all else is the server's.

const { commands, window, workspace } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
    const command = workspace.getConfiguration("topo").get("command", "topo");
    client = new LanguageClient(
        "topo",
        "topo",
        { command, args: ["lsp"] },
        { documentSelector: [{ language: "topo" }] },
    );
    try {
        await client.start();
    } catch (error) {
        client = undefined;
        window.showErrorMessage(`cannot start \`${command} lsp\`: ${error.message}. The setting topo.command names the program.`);
    }
}

async function stop() {
    await client?.stop();
    client = undefined;
}

exports.activate = async (context) => {
    const restart = async () => {
        await stop();
        await start();
    };
    context.subscriptions.push(commands.registerCommand("topo.restart", restart));
    context.subscriptions.push(
        workspace.onDidChangeConfiguration((change) => change.affectsConfiguration("topo") && restart()),
    );
    await start();
};

exports.deactivate = stop;
